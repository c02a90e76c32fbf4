"""What is wrong with settings."""


class SettingsError(ValueError):
    """Settings cannot be used: one line for each that is wrong, `DOORSTEP_…: 中文 / English`, saying what to write."""
