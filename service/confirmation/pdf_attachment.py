"""A file inside a PDF, which viewers show as an attachment."""

from typing import Any, cast

from reportlab.pdfbase import pdfdoc

_doc = cast("Any", pdfdoc)


def attach(canvas: Any, name: str, content: bytes, about: str) -> None:
    """Attach a text file. It is not compressed, so that programs that do not read PDF find it too."""
    document = canvas._doc  # noqa: SLF001 - reportlab has no other way
    stream = _doc.PDFStream(content=content, filters=[])
    stream.dictionary["Type"] = _doc.PDFName("EmbeddedFile")
    stream.dictionary["Subtype"] = _doc.PDFName("text#2Fplain")
    stream.dictionary["Params"] = _doc.PDFDictionary({"Size": len(content)})
    file = document.Reference(stream, "doorstepProofs")
    spec = _doc.PDFDictionary(
        {
            "Type": _doc.PDFName("Filespec"),
            "F": _doc.PDFString(name),
            "UF": _doc.PDFString(name),
            "Desc": _doc.PDFString(about),
            "AFRelationship": _doc.PDFName("Supplement"),
            "EF": _doc.PDFDictionary({"F": file, "UF": file}),
        }
    )
    names = _doc.PDFDictionary({"Names": _doc.PDFArray([_doc.PDFString(name), document.Reference(spec)])})
    document.Catalog.Names = _doc.PDFDictionary({"EmbeddedFiles": names})
