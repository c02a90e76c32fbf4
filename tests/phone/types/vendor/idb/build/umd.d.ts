declare global {
  var idb: typeof import('./index.js')
}
export {}
