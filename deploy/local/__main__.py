"""`python -m deploy.local run|demo`."""

from deploy.local.command import main

if __name__ == "__main__":
    main()
