// After somebody signed out, nothing is left in this tab of what they wrote and did not send (see keep.js).
try {
  sessionStorage.clear();
} catch {
  // storage is forbidden: nothing was kept
}
