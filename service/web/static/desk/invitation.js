// The page of an invitation works without this. With it, the code comes from behind # in the address, where it was in
// no request yet, and two passwords that differ are reported at once.

import { carryCode, fragment, part, say } from "/web/shared/page.js";

const code = fragment();
if (code) {
  part("code").value = code;
  part("code-part").hidden = true;
}
carryCode(() => part("code").value);
part("form").addEventListener("submit", (event) => {
  if (part("password").value === part("again").value) return;
  event.preventDefault();
  say("trouble", "两次输入的密码不一样，请再输一次。", "The two passwords differ; type them again.");
  part("again").value = "";
  part("again").focus();
});
