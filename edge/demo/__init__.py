"""The demo: sounds made from noise and pulses, a broker, the real daemon, and a live table of what it says.

    python -m edge.demo [--source mic|FILE] [--port N] [--bundle FOLDER]

It needs the extra `demo`. `app` tells the story.
"""
