// The page of a visit works without this: it keeps what was written and not sent, and moves between findings.
import "/web/shared/keep.js";
import "/web/desk/arrows.js";
