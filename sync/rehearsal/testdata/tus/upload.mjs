// Uploads files with tus-js-client, which knows nothing of the field kit, and
// prints what became of each. Reads one JSON object on standard input:
// { url, ca, cert, key, servername, files: [{ path, kind, name, chunk, during, pause }] }
// pause: stop after so many bytes were accepted, then go on with a new client.
import { readFileSync } from 'node:fs'
import { Upload, DefaultHttpStack } from 'tus-js-client'

const job = JSON.parse(readFileSync(0, 'utf8'))
const httpStack = new DefaultHttpStack({
  ca: job.ca, cert: job.cert, key: job.key, servername: job.servername, minVersion: 'TLSv1.3',
})

function upload(file, more) {
  return new Promise((resolve) => {
    const bytes = readFileSync(file.path)
    const requests = []
    const u = new Upload(bytes, {
      endpoint: job.url,
      httpStack,
      chunkSize: file.chunk,
      uploadDataDuringCreation: file.during,
      retryDelays: null,
      removeFingerprintOnSuccess: true,
      metadata: { filename: 'anything.bin', kind: file.kind, name: file.name },
      onBeforeRequest: (r) => requests.push(r.getMethod()),
      onChunkComplete: (_, accepted) => {
        if (file.pause && !more.uploadUrl && accepted >= file.pause) {
          u.abort().then(() => resolve({ paused: true, url: u.url, requests }))
        }
      },
      onSuccess: () => resolve({ done: true, url: u.url, requests }),
      onError: (e) => resolve({ error: String(e), status: e.originalResponse?.getStatus(), requests }),
      ...more,
    })
    u.start()
  })
}

const results = []
for (const file of job.files) {
  let r = await upload(file, {})
  if (r.paused) {
    const again = await upload(file, { uploadUrl: r.url })
    r = { ...again, paused: true, requests: r.requests.concat(again.requests) }
  }
  results.push(r)
}
console.log(JSON.stringify(results))
