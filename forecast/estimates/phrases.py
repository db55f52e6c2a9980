"""Phrases as printed, in English and Traditional Chinese, read into numbers."""
