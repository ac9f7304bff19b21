"""How it is usually done: a Celery task a recipient, the ORM, Jinja, EmailMessage, smtplib, one UPDATE and commit.

Worker: `celery -A benchmarks.usual_way worker --concurrency 2`; queue: `python -m benchmarks.usual_way NUMBER`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import smtplib
import sys
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from celery import Celery
from jinja2 import Environment, Template
from sqlalchemy import BigInteger, DateTime, ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

app = Celery("usual", broker=os.environ["USUAL_BROKER"])
app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=16, worker_hijack_root_logger=False)


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    email: Mapped[str]
    first_name: Mapped[str]
    orders_last_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    purchases: Mapped[list[Purchase]] = relationship(order_by="desc(Purchase.ordered_at)")
    code: Mapped[Code] = relationship()


class Purchase(Base):
    __tablename__ = "order_lines"
    order_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    sku: Mapped[str]
    product: Mapped[str]
    quantity: Mapped[int]
    unit_price: Mapped[int]
    ordered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Code(Base):
    __tablename__ = "referral_codes"
    code: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))


class Delivery(Base):
    __tablename__ = "deliveries"
    customer_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


@cache
def sessions() -> sessionmaker[Session]:
    return sessionmaker(create_engine(os.environ["USUAL_DATABASE"]))


@cache
def template() -> Template:
    environment = Environment(autoescape=True)
    environment.globals["tracked"] = tracked
    return environment.from_string(Path(os.environ["USUAL_TEMPLATE"]).read_text())


@cache
def relay() -> smtplib.SMTP:
    return smtplib.SMTP("127.0.0.1", int(os.environ["USUAL_RELAY"]))


def tracked(customer_id: int, number: int, target: str) -> str:
    signed = hmac.new(b"a-secret-of-sixteen", f"{customer_id}:{number}:{target}".encode(), hashlib.sha256).digest()[:16]
    return f"https://mail.kahve.example/c/{base64.urlsafe_b64encode(signed).decode()}/{base64.urlsafe_b64encode(target.encode()).decode()}"


@app.task(name="usual.send")
def send(customer_id: int) -> None:
    with sessions()() as session:
        customer = session.get_one(Customer, customer_id)
        html = template().render(customer=customer, purchases=customer.purchases[:6], code=customer.code.code)
        text = f"Hello {customer.first_name},\n" + "\n".join(
            f"{item.product}: {tracked(customer.id, 2, 'https://kahve.example/beans')}" for item in customer.purchases[:6]
        )
        message = EmailMessage()
        message["From"] = Address("Mahalle Kahve", "merhaba", "kahve.example")
        message["To"] = Address(customer.first_name, addr_spec=customer.email)
        message["Subject"] = f"{customer.first_name}, six coffees and a code for your friends"
        message["Message-ID"] = f"<{customer.id}.usual@kahve.example>"
        message["List-Unsubscribe"] = f"<{tracked(customer.id, 0, 'unsubscribe')}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        relay().send_message(message)
        session.get_one(Delivery, customer_id).sent_at = datetime.now(UTC)
        session.commit()


if __name__ == "__main__":
    for number in range(1, int(sys.argv[1]) + 1):
        send.delay(number)
