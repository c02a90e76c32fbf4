// The real tus-js-client sends a file: `node tus-client.cjs ENDPOINT TOKEN FILE CHUNK`. Prints what happened as JSON.
const { createHash } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { Upload } = require('tus-js-client')

const [endpoint, token, path, chunk] = process.argv.slice(2)
const file = readFileSync(path)
const seen = { retries: 0, url: null, error: null }
const upload = new Upload(file, {
  endpoint,
  chunkSize: Number(chunk),
  retryDelays: Array(20).fill(20),
  headers: { Authorization: `Bearer ${token}` },
  metadata: { sha256: createHash('sha256').update(file).digest('hex') },
  onShouldRetry: (error) => {
    seen.retries += 1
    const status = error.originalResponse ? error.originalResponse.getStatus() : 0
    return status === 0 || status >= 500 || status === 409
  },
  onUploadUrlAvailable: () => { seen.url = upload.url },
  onError: (error) => { seen.error = String(error); done() },
  onSuccess: done,
})
function done() { console.log(JSON.stringify(seen)) }
upload.start()
