// What raidajs is asked to do comes in as JSON on stdin, what it answers leaves as JSON on stdout.
//
//   node driver.cjs BUNDLE PORT < JOB > ANSWER
//
// The verdicts are the caller's: nothing is expected here but that the bundle loads and the call exists.
'use strict'

const [bundle, port] = process.argv.slice(2)
const RaidaJS = require(bundle).default

// It talks to the console; stdout is for the answer alone.
console.log = console.error

// Without all three of protocol, prefix and domain it would ask strangers' servers.
const raida = new RaidaJS({ protocol: 'http', prefix: '127.', domain: `0.1:${port}`, timeout: 30000 })

const fresh = coin => ({ ...coin, pan: coin.an.map(() => raida._generatePan()) })

const jobs = {
  echo: () => raida.apiEcho(),
  detect: ({ coins }) => raida.apiDetect(coins),
  pown: ({ coins }) => raida.apiDetect(coins.map(fresh)),
  fix: ({ coins }) => raida.apiFixfracked(coins),
  // 2 is the change maker of v1.
  change: () => raida.showChange({ nn: 1, sn: 2, denomination: 250 }),
  tickets: ({ coins }) => raida.apiGetticket(coins[0]),
}

async function main() {
  const chunks = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  const job = JSON.parse(Buffer.concat(chunks))
  const answer = await jobs[job.call](job)
  process.stdout.write(JSON.stringify(answer))
}

main().catch(error => {
  console.error(error)
  process.exitCode = 1
})
