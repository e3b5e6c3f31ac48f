// Takes one measurement as JSON on standard input and answers with its figures on standard output.
'use strict'

const autocannon = require('autocannon')
const { readFileSync } = require('node:fs')

const { url, token, paths, connections, seconds } = JSON.parse(readFileSync(0, 'utf8'))
const requests = paths.map((path) => ({ method: 'GET', path }))

autocannon({ url, connections, duration: seconds, requests, headers: { authorization: `Bearer ${token}` } })
  .then((result) => {
    process.stdout.write(JSON.stringify({
      requests: result.requests.total,
      seconds: result.duration,
      p50_ms: result.latency.p50,
      p99_ms: result.latency.p99,
      failed: result.errors + result.timeouts + result.non2xx
    }))
  })
