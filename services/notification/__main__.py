"""Runs notification."""

from services.notification.config import NotificationSettings
from services.notification.metrics import watch
from services.notification.perform import performer
from services.notification.service import NOTIFICATION
from shared.engine.process import run

if __name__ == "__main__":
    settings = NotificationSettings.load()
    run(NOTIFICATION, settings, performer(settings), watch)
