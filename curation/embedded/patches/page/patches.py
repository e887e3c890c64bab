"""What is changed in the scripts of Argilla's page, and why: one table.

Each change names how often its place is to be found in this version of Argilla; another number stops the start.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ESCAPED = '.replace(/</g,"&lt;")'

# What Vue's `v-html` is given: markup only in icons and in what DOMPurify has passed; elsewhere the few tags that
# Argilla's own translations have, letter by letter. `&lt;` stays, as what Twofold sends is escaped so.
AS_TEXT = (
    '(function(t,e){return"http://www.w3.org/2000/svg"===e.namespaceURI||e.classList.contains("markdown-render")?t:'
    r"String(t).replace(/<(?!\/?strong>|\/br>|\/a>|a (?:target='_blank' )?href='https:\/\/(?:docs\.argilla\.io|"
    r"huggingface\.co)\/[\w.\/#-]*'(?: target='_blank')?>)/g,"
    '"&lt;")})'
)

PURIFIED = (
    '{ADD_ATTR:["target"],ALLOW_DATA_ATTR:!1,SANITIZE_NAMED_PROPS:!0,FORBID_TAGS:["style","form","button","textarea",'
    '"select","option","optgroup","datalist","dialog","map","area"],FORBID_ATTR:["action","formaction","srcset",'
    '"background","ping","autofocus","contenteditable","draggable","tabindex","accesskey"]}'
)

# Formulas are set with these; a style that lays a link over the page is none of them.
STYLED = (
    r"/^\s*(?:(?:position\s*:\s*relative|(?:(?:min-)?(?:width|height)|top|left|bottom|vertical-align|(?:margin|padding|"
    r"border)(?:-[a-z]+)*|(?:background-)?color)\s*:\s*[-\w.#%]+)\s*(?:;\s*|$))*$/"
)

RESIZE = (
    "resize:function resize(){var t=this.$refs.iframe,e=new MessageChannel;if(t.isTold)return;t.isTold=!0,"
    'e.port1.onmessage=function(e){t.style.height=Math.min(Number(e.data)||0,2e4)+"px"},'
    "t.contentWindow.postMessage({html:this.template,theme:document.documentElement.getAttribute"
    '("data-theme")||""},"*",[e.port2])}'
)
TEMPLATE = (
    "template:function template(){return Array.from(document.querySelectorAll('link[href$=\".css\"]'),(function(t){"
    'return\'<link rel="stylesheet" href="\'+t.href+\'">\'})).join("")'
    '.concat("<style>body{background-color:var(--bg-field)}</style>",this.content)}'
)


@dataclass(frozen=True, kw_only=True)
class Patch:
    """One change.

    Attributes:
        reason: Why.
        place: What is there, of whichever names the build has given its variables.
        instead: What is to be there, as for :func:`re.sub`.
        count: How many places there are in all scripts together.
    """

    reason: str
    place: re.Pattern[str]
    instead: str
    count: int


def _patch(reason: str, place: str, instead: str, count: int) -> Patch:
    return Patch(reason=reason, place=re.compile(place, re.DOTALL), instead=instead, count=count)


def _literal(text: str) -> str:
    return text.replace("\\", r"\\")


PATCHES = [
    _patch(
        "wherever the page puts HTML together, a text is text",
        r"(else if\((\w)!==\w\[(\w)\]\)try\{(\w)\[\3\]=)\2(\}catch)",
        rf'\1"innerHTML"===\3?{_literal(AS_TEXT)}(\2,\4):\2\5',
        1,
    ),
    _patch(
        "a text field is shown letter by letter",
        r"(innerHTML:(\w)\._s\(\2\.fieldText\))",
        rf"\1{ESCAPED}",
        9,
    ),
    _patch(
        "a text field that looks like HTML is no page of its own",
        r"isHTML:function isHTML\(\)\{return/",
        "isHTML:function isHTML(){return!1&&/",
        8,
    ),
    _patch(
        "a message of a chat is shown letter by letter",
        r'(attrs:\{markdown:(\w)\}\}\):\w\("span",\{domProps:\{innerHTML:\w\._s\(\2\))',
        rf"\1{ESCAPED}",
        8,
    ),
    _patch(
        "the name of a data set is shown letter by letter in its settings",
        r"innerHTML:(\w\._s\(\w\.settings\.dataset\.name\))",
        r"textContent:\1",
        3,
    ),
    _patch(
        "names are shown letter by letter where a data set is deleted",
        r"(deleteConfirmationMessage\",\{datasetName:\w\.dataset\.name)(,workspaceName:\w\.dataset\.workspace)",
        rf"\1{ESCAPED}\2{ESCAPED}",
        2,
    ),
    _patch(
        "Markdown has no forms, styles, objects or names that hide the page's own",
        r'(\.sanitize\(\w,)\{ADD_TAGS:\["embed","object"\],ADD_ATTR:\["data","target"\],ADD_URI_SAFE_ATTR:\["data"\]\}',
        rf"\1{_literal(PURIFIED)}",
        20,
    ),
    _patch(
        "links of Markdown tell nobody where they come from, and no style moves what it is on over the page",
        r'(\w) instanceof HTMLAnchorElement&&\1\.setAttribute\("target","_blank"\)',
        r'\1.hasAttribute&&\1.hasAttribute("style")&&!'
        + _literal(STYLED)
        + r'.test(\1.getAttribute("style"))&&\1.removeAttribute("style"),'
        r'\1 instanceof HTMLAnchorElement&&(\1.setAttribute("target","_blank"),'
        r'\1.setAttribute("rel","noopener noreferrer"))',
        20,
    ),
    _patch(
        "a custom field is in a sandbox, at an address with a policy of its own",
        r"attrs:\{srcdoc:(\w)\.template,",
        r'key:\1.template,attrs:{src:"sandbox.html",sandbox:"allow-scripts",',
        10,
    ),
    _patch(
        "a record is given to a custom field as data, whatever its texts",
        r"(template:function template\(\)\{var \w=JSON\.stringify\(this\.sdkRecord\))",
        r'\1.replace(/</g,"\\\\u003c").replace(/\$/g,"$$$$")',
        8,
    ),
    _patch(
        "the sandbox is told what to show, and tells how high it is",
        r"resize:function resize\(\)\{this\.\$refs\.iframe\.style\.height=[^}]*\}",
        _literal(RESIZE),
        10,
    ),
    _patch(
        "a custom field does not reach into the page for its styles",
        r"template:function template\(\)\{return\"\"\.concat\('\\n<script>\\nif \(parent\)(?:[^'\\]|\\.)*'\)"
        r"\.concat\(this\.content\)\}",
        _literal(TEMPLATE),
        10,
    ),
]
