"""What a printed form is called in a folder."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from trilha.domain.performance import form_file_name

DAY = date(2025, 11, 7)


def test_names_keep_their_accents_and_lose_what_folders_trip_over() -> None:
    assert form_file_name("José  d'Ávila/2", DAY, "pt-BR") == "Formulario_de_Orientacao_José_d_Ávila_2_2025-11-07.pdf"
    assert form_file_name("..", DAY, "en") == "Guidance_Form___2025-11-07.pdf"


@given(st.text())
def test_any_name_makes_one_short_name_of_a_file(name: str) -> None:
    made = form_file_name(name, DAY, "en")
    assert made.startswith("Guidance_Form_")
    assert made.endswith("_2025-11-07.pdf")
    assert not set(made) & set('/\\:*?"<>|\0\n\r\t ')
    assert len(made) < 100
