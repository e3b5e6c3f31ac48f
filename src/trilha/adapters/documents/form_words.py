"""What is printed on every guidance form, by language. The guidance itself is the organisation's and on the form."""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from trilha.domain.performance import Severity


class FormWords(msgspec.Struct, frozen=True, kw_only=True):
    """The fixed texts of the form. Those with braces are filled."""

    file_name: str
    title: str
    subtitle: str
    name: str
    badge: str
    guided_on: str
    place_and_day: str
    total: str
    analysed: str
    details: str
    infraction: str
    severity: str
    severities: Mapping[Severity, str]
    all_infractions: str
    nothing: str
    chart: str
    chart_described: str
    guidance: str
    remarks: str
    acknowledgement: str
    employee: str
    responsible: str
    signature: str
    place_and_date: str
    corrects: str
    correction: str
    version: str
    made_at: str
    page: str
    unshown: str


WORDS: Mapping[str, FormWords] = MappingProxyType(
    {
        "pt-BR": FormWords(
            file_name="Formulario_de_Orientacao",
            title="Formulário de Orientação",
            subtitle="Telemetria veicular · desempenho e segurança na condução",
            name="Colaborador",
            badge="Matrícula",
            guided_on="Data da orientação",
            place_and_day="{city}, {day}",
            total="Total de ocorrências",
            analysed="Período analisado",
            details="Detalhamento das ocorrências",
            infraction="Tipo de ocorrência",
            severity="Gravidade",
            severities={Severity.LOW: "Baixa", Severity.MEDIUM: "Média", Severity.HIGH: "Alta"},
            all_infractions="Total",
            nothing="Nenhuma ocorrência foi registrada no período analisado.",
            chart="Ocorrências por tipo e período",
            chart_described="Gráfico de barras empilhadas com os valores da tabela anterior. {bars}.",
            guidance="Orientação realizada",
            remarks="Observações adicionais",
            acknowledgement="Declaro que recebi esta orientação e que estou ciente do seu conteúdo.",
            employee="Colaborador",
            responsible="Responsável de Recursos Humanos",
            signature="Assinatura",
            place_and_date="Local e data",
            corrects="Corrige a versão {version}, impressa em {moment}",
            correction="{description}, {period}: {before} → {after}",
            version="Versão dos dados {version}",
            made_at="Emitido em {moment} ({zone})",
            page="Página {page} de {pages}",
            unshown="{mark} está no lugar de um caractere que as fontes deste documento não têm.",
        ),
        "en": FormWords(
            file_name="Guidance_Form",
            title="Guidance Form",
            subtitle="Vehicle telemetry · performance and safety while driving",
            name="Employee",
            badge="Badge",
            guided_on="Date of guidance",
            place_and_day="{city}, {day}",
            total="Total of occurrences",
            analysed="Analysed period",
            details="Details of the occurrences",
            infraction="Type of occurrence",
            severity="Severity",
            severities={Severity.LOW: "Low", Severity.MEDIUM: "Medium", Severity.HIGH: "High"},
            all_infractions="Total",
            nothing="No occurrence was recorded in the analysed period.",
            chart="Occurrences by type and period",
            chart_described="Stacked bar chart of the figures in the table above. {bars}.",
            guidance="Guidance given",
            remarks="Additional remarks",
            acknowledgement="I confirm that I received this guidance and that I am aware of its content.",
            employee="Employee",
            responsible="Responsible of Human Resources",
            signature="Signature",
            place_and_date="Place and date",
            corrects="Corrects version {version}, printed on {moment}",
            correction="{description}, {period}: {before} → {after}",
            version="Data version {version}",
            made_at="Made on {moment} ({zone})",
            page="Page {page} of {pages}",
            unshown="{mark} stands for a character that the fonts of this document do not have.",
        ),
    }
)
