"""What a person is shown before a launch goes on with changed files."""

from regulars.adapters.mjml import MjmlCompiler
from regulars.content.bundle import freeze
from regulars.content.changes import changes, settled_differently
from regulars.definition.files import WorkspaceFiles
from regulars.definition.reading import workspace_of
from tests.integration.launching import FILES


def frozen(images: dict[str, bytes] | None = None, **replaced: tuple[str, str]):
    """The small shop's campaign; `campaign=("old", "new")` replaces words of a file."""
    paths = {"campaign": "campaigns/hello.yaml", "shop": "regulars.yaml", "template": "templates/hello.mjml"}
    files = dict(FILES)
    for name, (old, new) in replaced.items():
        assert old in files[paths[name]]
        files[paths[name]] = files[paths[name]].replace(old, new)
    pictures = {f"templates/images/{name}": content for name, content in (images or {}).items()}
    workspace = workspace_of(WorkspaceFiles(files, pictures, (), frozenset(files) | pictures.keys()))
    return freeze(workspace, workspace.campaigns["hello"], MjmlCompiler()).files


def shown(before, after) -> dict[str, tuple[str, ...]]:
    return {change.name: change.lines for change in changes(before, after)}


def test_equal_files_change_nothing():
    assert shown(frozen(), frozen()) == {}


def test_a_subject_shows_in_its_language():
    told = shown(frozen(), frozen(campaign=('en: "Hello"', 'en: "Good morning"')))

    assert [line for line in told["campaign"] if line[0] in "-+"] == ["-subject.en: Hello", "+subject.en: Good morning"]
    assert set(told) == {"campaign"}


def test_values_for_the_template_show_by_their_names():
    one, two = (("template: hello.mjml\n", f"template: hello.mjml\nwith: {{opens: 2026-12-0{day}}}\n") for day in (3, 5))
    told = shown(frozen(campaign=one), frozen(campaign=two))

    assert [line for line in told["campaign"] if line[0] in "-+"] == ["-with.opens: 2026-12-03", "+with.opens: 2026-12-05"]


def test_a_template_shows_the_line_that_changed_and_where_links_lead():
    told = shown(frozen(), frozen(template=("https://kahve.example/beans", "https://kahve.example/fresh")))

    assert [line for line in told["links"] if line[0] in "-+"] == [
        "-en hero: https://kahve.example/beans", "-tr hero: https://kahve.example/beans",
        "+en hero: https://kahve.example/fresh", "+tr hero: https://kahve.example/fresh",
    ]
    assert told["mail/en.html, mail/tr.html"] == (
        "  …", " <a", '-href="https://kahve.example/beans"', '+href="https://kahve.example/fresh"', ' target="_blank"',
    )
    assert told["mail/en.txt, mail/tr.txt"] == (
        "  …", " Beans", "-https://kahve.example/beans", "+https://kahve.example/fresh", " {{ shop.name }}, {{ shop.address }} Unsubscribe {{ links.unsubscribe }}",
    )


def test_a_picture_shows_by_its_name():
    template = ("<mj-text>{{ customer.greeting }}", '<mj-image src="{{ image(\'hero.png\') }}" alt="Beans" /><mj-text>{{ customer.greeting }}')
    told = shown(frozen({"hero.png": b"old"}, template=template), frozen({"hero.png": b"new"}, template=template))

    assert set(told) == {"pictures"}
    assert [line[:10] for line in told["pictures"] if line[0] in "-+"] == ["-hero.png:", "+hero.png:"]


def test_the_shop_shows_its_own_words():
    told = shown(frozen(), frozen(shop=("Kahve <hello@kahve.example>", "Kahve <ada@kahve.example>")))

    assert [line for line in told["regulars.yaml"] if line[0] in "-+"] == [
        "-sender: Kahve <hello@kahve.example>", "+sender: Kahve <ada@kahve.example>",
    ]


def test_what_a_launch_settled_is_named_and_not_shown_as_a_change():
    later = frozen(campaign=("to: [all]", "to: [all, izmir]\nexcept: [izmir]\nsend_at: 2026-12-01 09:00"))

    assert settled_differently(frozen(), later) == ("to", "except", "send_at")
    assert shown(frozen(), later) == {}
