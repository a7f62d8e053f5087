"""Run by the previous release's code, inside its own `manage.py shell`: loads pages, and writes in other ways."""

import json
import re
import sys

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from books.models import BookVersion

settings.ALLOWED_HOSTS.append("testserver")
person = User.objects.get()
version = BookVersion.objects.get()
client = Client()
client.force_login(person)

wrong = []


def look(path: str) -> None:
    """Note a page that is no page."""
    status = client.get(path, follow=True).status_code
    if status != 200:
        wrong.append(f"GET {path}: {status}")


def send(path: str, data: object = None) -> dict[str, object]:
    """Note a call of the API that fails; return its answer."""
    response = client.post(f"/api{path}", data=data, content_type="application/json")
    if response.status_code >= 300:
        wrong.append(f"POST {path}: {response.status_code} {response.content.decode()[:500]}")
        return {}
    return json.loads(response.content)


links = set(re.findall(r'href="(/books/[^"?#]+)"', client.get("/").content.decode()))
links |= set(re.findall(r'href="(/books/[^"?#]+)"', client.get(min(links), follow=True).content.decode()))
for path in ["/", "/account/", "/help/", "/api/books", f"/api/sessions/{version.session.pk}", *sorted(links)]:
    look(path)

made = send("/books", {"title": "By the old release"})
nodes = [
    {"id": "n", "title": "One", "chunks": [{"id": "c", "text": "The river rose in 1931.", "speaker": "Emm"}]}
]
stored = send(f"/books/{made.get('book_id')}/storyline", nodes)
send(f"/books/{made.get('book_id')}/versions/{stored.get('version')}/start", {})
if wrong:
    sys.exit("\n".join(wrong))
print(f"{len(links)} pages, one book more")
