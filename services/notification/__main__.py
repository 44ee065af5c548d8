"""Runs notification, and follows the addresses that its pages go to."""

from services.notification.config import NotificationSettings
from services.notification.metrics import watch
from services.notification.perform import performer
from services.notification.service import NOTIFICATION
from shared.engine.kafka import KafkaBroker
from shared.engine.process import run

if __name__ == "__main__":
    settings = NotificationSettings.load()
    perform = performer(settings, KafkaBroker(settings.connection, settings.partitions))
    run(NOTIFICATION, settings, perform, watch, beside=perform.contacts)
