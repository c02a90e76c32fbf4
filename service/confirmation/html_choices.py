"""Under a statement four equal choices: sign, disagree in part, refuse, or say that one cannot. One opens at a time.

Who has answered finds his answer, and the four choices behind one more touch.
"""

from service.web.pages import bilingual

from .html_fields import Form, FormState, button, details, hidden
from .html_statement import declaration
from .statements import StatementView

SIGNATURE_PAD_JS = "/web/customer/pad.js"
NOBODY = ("technician", "unknown")  # nobody says this of himself


def needs_signature(paper: StatementView) -> bool:
    """Whether it waits for the customer's own signature: one that holds, by who may sign."""
    signature = paper.signature
    if paper.signs is None:
        return False
    return signature is None or signature.state != "holds" or signature.level != "own_device" or not signature.allowed


def has_responded(paper: StatementView) -> bool:
    """Whether he said himself what he thinks of just this text: signed it, or would not."""
    if not needs_signature(paper):
        return True
    since = paper.signature.at if paper.signature else None
    return any(one.by == "customer" and one.same and (since is None or one.at >= since) for one in paper.declined)


def awaits_response(paper: StatementView) -> bool:
    """Whether he is asked for an answer: who signed on our phone may say more, and need not."""
    signature = paper.signature
    signed = signature is not None and signature.state == "holds" and signature.allowed
    return needs_signature(paper) and not signed and not has_responded(paper)


def form_key(paper: StatementView) -> str:
    """What the forms under a statement are named by. It stays when the text changes: nothing typed is lost."""
    thing = paper.statement.thing
    return f"{paper.title.id}-{thing}" if thing else paper.title.id


def form_belongs_to(paper: StatementView, sent: FormState) -> bool:
    """Whether a form under this statement was sent."""
    return sent.where in {f"{does}-{form_key(paper)}" for does in ("sign", "partly", "refused", "unable")}


def response_options(paper: StatementView, token: str, sent: FormState) -> str:
    """The four choices."""
    key = form_key(paper)
    given = hidden("statement", paper.sha256)
    four = {
        f"sign-{key}": _sign(paper, Form(token, "signature", f"sign-{key}", sent), given, sent),
        f"partly-{key}": _decline(token, f"partly-{key}", sent, given, "partly", _PARTLY),
        f"refused-{key}": _decline(token, f"refused-{key}", sent, given, "refused", _REFUSED),
        f"unable-{key}": _decline(token, f"unable-{key}", sent, given, "unable", _UNABLE, paper),
    }
    inside = "".join(four.values())
    if has_responded(paper):
        said = bilingual("您已经答复，见上面。", "You have answered, as it says above.")
        stands = any(sent.was_submitted(one) for one in four)
        more = details("", sent, "改变主意", "Change my answer", f"<div>{inside}</div>", stands=stands, kind="more")
        return f'<p class="note">{said}</p>{more}'
    asked = bilingual("请您选择，四项同等有效：", "Please choose; all four are equal:")
    if paper.signature is not None and paper.signature.state == "holds" and paper.signature.allowed:
        asked = bilingual("已经签过字。您也可以在这里再表示意见：", "It is signed. You may say it here again:")
    return f'<p class="note">{asked}</p>{inside}'


_PARTLY = (
    ("部分不同意", "I disagree in part"),
    ("哪些地方不同意？请用您自己的话写", "With what do you not agree? In your own words"),
)
_REFUSED = (
    ("不同意，拒绝签字", "I do not agree, I do not sign"),
    ("为什么不同意？请用您自己的话写", "Why do you not agree? In your own words"),
)
_UNABLE = (
    ("不方便签字", "I am not able to sign"),
    ("为什么不方便？请用您自己的话写", "Why not? In your own words"),
)


def _sign(paper: StatementView, form: Form, given: str, sent: FormState) -> str:
    pad = (
        '<div class="pad" hidden><p>'
        f"{bilingual('请在框内手写签名', 'Draw your signature in the box')}</p>"
        '<canvas role="img" aria-label="手写签名框"></canvas>'
        f'<button type="button" class="plain clear">{bilingual("清除重写", "Clear")}</button></div>'
    )
    typed = bilingual(
        "手写不方便也可以不写：上面输入的姓名，加上您输过的验证码，就是您的签名。",
        "You need not draw: your typed name with the code that you entered is your signature.",
    )
    inside = form(
        given,
        form.text_input("signer", "签字人姓名", "Name of who signs", 'required autocomplete="name"'),
        form.select(
            "relation", "您与户主的关系", "Who you are", [one for one in paper.relations if one.id not in NOBODY]
        ),
        hidden("strokes", sent.value(form.where, "strokes")),
        pad,
        f"<p>{typed}</p>{declaration(paper)}",
        button("签字", "Sign", "sign"),
        attributes=" data-pad",
    )
    return details(form.where, sent, "签字", "Sign", inside)


def _decline(
    token: str,
    where: str,
    sent: FormState,
    given: str,
    outcome: str,
    words: tuple[tuple[str, str], tuple[str, str]],
    helped: StatementView | None = None,
) -> str:
    title, why = words
    form = Form(token, "refusal", where, sent)
    helper = ""
    if helped is not None:
        helper = form.text_input(
            "helper", "谁帮您办理？（没有可不填）", "Who helps you? (if anybody)", 'autocomplete="off"'
        )
        helper += form.select(
            "helper_relation", "他是您的什么人？", "Who is he to you?", helped.relations, required=False
        )
    inside = form(
        given, hidden("outcome", outcome), form.textarea("reason", *why), helper, button("提交", "Send", "sign")
    )
    return details(where, sent, *title, inside)
