// Sends events with Segment's official client, unchanged, and prints as JSON
// what became of them. Every event carries its number as context.n.
//
//   RAPPORT_URL         where to, such as http://127.0.0.1:8080
//   RAPPORT_WRITE_KEY   the write key
//   EVENTS              how many (10000)
//   EVENTS_IN_BATCH     how many in one request (100)
//   CUSTOMERS           by how many customers (200)
import { Analytics } from '@segment/analytics-node'

const { RAPPORT_URL, RAPPORT_WRITE_KEY } = process.env
const events = Number(process.env.EVENTS ?? 10_000)
const customers = Number(process.env.CUSTOMERS ?? 200)
if (!RAPPORT_URL || !RAPPORT_WRITE_KEY) {
  console.error('Set RAPPORT_URL and RAPPORT_WRITE_KEY.')
  process.exit(2)
}

const analytics = new Analytics({
  host: RAPPORT_URL,
  writeKey: RAPPORT_WRITE_KEY,
  maxEventsInBatch: Number(process.env.EVENTS_IN_BATCH ?? 100),
  flushInterval: 1_000,
  maxRetries: 10,
})

const result = { events, delivered: 0, failed: 0, requests: 0, retries: 0, statuses: {}, errors: {} }
analytics.on('http_request', ({ headers }) => {
  result.requests++
  if (headers['X-Retry-Count']) result.retries++
})
analytics.on('http_response', ({ status }) => {
  result.statuses[status] = (result.statuses[status] ?? 0) + 1
})

const settled = (error) => {
  if (!error) {
    result.delivered++
    return
  }
  result.failed++
  const reason = String(error.reason ?? error)
  result.errors[reason] = (result.errors[reason] ?? 0) + 1
}

// send makes one event of each kind in turn, most of them tracks.
const send = (n) => {
  const userId = `user-${n % customers}`
  const anonymousId = `device-${n % customers}`
  const context = { n, library: { name: 'shop' } }
  switch (n % 20) {
    case 0:
      return analytics.identify({ userId, anonymousId, context, traits: { email: `${userId}@example.com`, city: '東京' } }, settled)
    case 1:
      return analytics.page({ anonymousId, context, name: 'Home', category: 'Shop', properties: { url: '/' } }, settled)
    case 2:
      return analytics.screen({ userId, context, name: 'Cart' }, settled)
    case 3:
      return analytics.group({ userId, groupId: 'club', context, traits: { tier: 'gold' } }, settled)
    case 4:
      return analytics.alias({ userId, previousId: `old-${userId}`, context }, settled)
    default:
      return analytics.track({
        userId,
        context,
        event: 'Product Viewed',
        timestamp: new Date(Date.now() - 60_000 - n),
        properties: { product_id: `sku-${n % 997}`, price: (n % 100) + 0.5, note: 'naïve "quotes" 👗' },
      }, settled)
  }
}

for (let n = 0; n < events; n++) send(n)
await analytics.closeAndFlush({ timeout: 120_000 })
console.log(JSON.stringify(result))
