"""How a scenario carries a start on: drivers and events on nodes, one function a curve, the floor of the band."""
