"""Scripts that fitted the coefficients the package ships."""
