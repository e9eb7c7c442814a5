"""Deployment: the command line, the local stack, the sample event, images and manifests."""
