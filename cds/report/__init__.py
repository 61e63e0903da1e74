"""The report: what clinicians did with the cards, counted for those who are responsible for them."""
