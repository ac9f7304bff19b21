"""Pieces know where they were written, whatever white space Jinja takes away."""

from hypothesis import given
from hypothesis import strategies as st

from regulars.content.compilation import LEXER
from regulars.content.source import Files, Part, skeleton_of

PARTS = st.sampled_from([
    "text", " ", "\n", "\r\n", "  \n ", "{{ a }}", "{{- a -}}", "{% if a %}", "{%- if a < 3 -%}", "{%- endif %}", "{# note #}",
    "{#- note -#}", "{{ '}}' ~ {'a': {}}['a'] }}", "{% raw %}{{ x }}{% endraw %}", "{%- raw -%} {% x %} {%- endraw -%}", "<mj-text>", "ş",
    "jjq0q",
])


@given(st.lists(PARTS, max_size=12))
def test_every_piece_is_found_at_its_offset(parts):
    files = Files({"templates/a.mjml": "".join(parts)})
    text = files["templates/a.mjml"]
    pieces = files.pieces(LEXER, "templates/a.mjml")

    for piece in pieces:
        assert text.startswith(piece.text, piece.offset)
        assert all(text.startswith(word.text, word.offset) for word in piece.words)
    shown = "".join(piece.text for piece in pieces)
    assert shown.count("{{ a }}") == text.count("{{ a }}")


@given(st.lists(PARTS, max_size=12))
def test_a_skeleton_leads_back_to_each_construct(parts):
    files = Files({"templates/a.mjml": "".join(parts)})
    skeleton = skeleton_of(files.pieces(LEXER, "templates/a.mjml"), files)

    for number, piece in enumerate(skeleton.constructs):
        name = f"{skeleton.prefix}{number}q"
        assert piece.part is not Part.TEXT
        assert skeleton.text.count(name) == 1
        assert skeleton.place(skeleton.text.index(name)) == files.place(piece.path, piece.offset)


def test_a_byte_order_mark_and_windows_line_ends_do_not_shift_places():
    files = Files({"templates/a.mjml": "\ufeffone\r\n  {{ two }}"})
    piece = files.pieces(LEXER, "templates/a.mjml")[-1]

    assert str(files.place(piece.path, piece.offset)) == "templates/a.mjml:2:3"
