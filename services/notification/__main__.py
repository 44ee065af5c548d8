"""Runs notification, and follows the addresses that its pages go to."""

from services.notification.config import NotificationSettings
from services.notification.perform import performer, use_of
from services.notification.service import NOTIFICATION
from shared.engine.kafka import KafkaBroker
from shared.engine.process import run

if __name__ == "__main__":
    settings = NotificationSettings.load()
    use = use_of(settings)
    perform = performer(settings, KafkaBroker(settings.connection, settings.partitions), use.note)
    run(NOTIFICATION, settings, perform, perform.watch, beside=perform.contacts, also=use)
