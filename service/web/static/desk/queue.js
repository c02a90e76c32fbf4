// The queue works without this: it fetches itself again, moves between rows, and forgets what was taken just now.
import "/web/desk/refresh.js";
import "/web/shared/keep.js";
import "/web/desk/arrows.js";
