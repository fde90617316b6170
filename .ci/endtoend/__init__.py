"""The steps of `../smoke.py`."""
