"""The daemon: capture, inference, events and MQTT. Begin with `app`."""
