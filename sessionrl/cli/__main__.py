"""``python -m sessionrl.cli`` is the same as ``sessionrl``."""

from sessionrl.cli import main

if __name__ == "__main__":
    main()
