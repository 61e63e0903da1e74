"""A compact notation for charts, and the seam through which whole charts are judged."""
