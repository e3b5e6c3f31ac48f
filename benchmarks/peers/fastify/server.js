// The read half of our API as its users' own stack would have it: Fastify and pg, as well as we know how to write it.
// Prepared statements under a name, one pooled connection for a request, answers written from a schema, times passed on
// as text. With PEER_PIPELINE=1 all four statements of the transaction are sent without waiting in between.
'use strict'

const { createHash, timingSafeEqual } = require('node:crypto')
const Fastify = require('fastify')
const { Pool, types } = require('pg')

const TIMESTAMPTZ = 1184
types.setTypeParser(TIMESTAMPTZ, (text) => `${text.slice(0, 10)}T${text.slice(11, -3)}Z`)

const organisation = process.env.PEER_ORGANISATION_ID
const pipeline = process.env.PEER_PIPELINE === '1'
const tokenDigest = sha256(process.env.PEER_TOKEN)
const pool = new Pool({
  connectionString: process.env.PEER_DATABASE_URL,
  max: Number(process.env.PEER_POOL),
  min: Number(process.env.PEER_POOL),
  idleTimeoutMillis: 0,
  options: '-c timezone=UTC',
  pipeline
})

const SET_ORGANISATION = { name: 'set_organisation', text: "select set_config('trilha.organisation_id', $1, true)" }
const DRIVERS = `
  select id, name, badge, group_id, kind, kind = 'person' as is_person, active, sort_name
  from drivers where organisation_id = $1`
const EVENTS = `
  select e.id, e.occurred_at, e.started_at, e.ended_at, e.received_at, e.driver_id, e.vehicle_id, e.event_type_id,
    t.description, coalesce(t.classification, 'unclassified') as classification, e.category,
    e.occurrences::int4 as occurrences, e.duration_s::int4 as duration_s, e.value, e.value_kind, e.value_unit,
    e.speed_limit_kmh, e.fuel_used_l, e.odometer_start_km, e.odometer_end_km,
    e.start_latitude_deg, e.start_longitude_deg, e.end_latitude_deg, e.end_longitude_deg, e.location_id,
    nullif(e.source_driver_id, e.driver_id) as reassigned_from, e.withdrawn_at
  from telemetry_events e
  left join event_types t on t.organisation_id = e.organisation_id and t.id = e.event_type_id
  where e.organisation_id = $1 and e.driver_id = $2 and e.withdrawn_at is null`
const STATEMENTS = {
  drivers: { name: 'drivers', text: `${DRIVERS} order by sort_name, id limit $2` },
  driversAfter: {
    name: 'drivers_after',
    text: `${DRIVERS} and (sort_name, id) > ($3, $4) order by sort_name, id limit $2`
  },
  events: { name: 'events', text: `${EVENTS} order by e.occurred_at desc, e.id desc limit $3` },
  eventsAfter: {
    name: 'events_after',
    text: `${EVENTS} and (e.occurred_at, e.id) < ($4, $5) order by e.occurred_at desc, e.id desc limit $3`
  }
}

function sha256 (text) {
  return createHash('sha256').update(text).digest()
}

async function read (statement, values) {
  const client = await pool.connect()
  try {
    return pipeline ? await readAtOnce(client, statement, values) : await readInTurn(client, statement, values)
  } finally {
    client.release()
  }
}

async function readAtOnce (client, statement, values) {
  const answers = await Promise.all([
    client.query('begin'),
    client.query({ ...SET_ORGANISATION, values: [organisation] }),
    client.query({ ...statement, values }),
    client.query('commit')
  ])
  return answers[2].rows
}

async function readInTurn (client, statement, values) {
  await client.query('begin')
  try {
    await client.query({ ...SET_ORGANISATION, values: [organisation] })
    const { rows } = await client.query({ ...statement, values })
    await client.query('commit')
    return rows
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

function page (rows, limit, view, keyOf) {
  const more = rows.length > limit
  if (more) rows.pop()
  const last = rows[rows.length - 1]
  return {
    items: rows.map(view),
    next_cursor: more ? Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') : null
  }
}

const keyIn = (cursor) => JSON.parse(Buffer.from(cursor, 'base64url').toString())
const point = (latitude, longitude) =>
  latitude === null || longitude === null ? null : { latitude_deg: latitude, longitude_deg: longitude }
const asIs = (row) => row

function eventView (row) {
  row.start = point(row.start_latitude_deg, row.start_longitude_deg)
  row.end = point(row.end_latitude_deg, row.end_longitude_deg)
  return row
}

const text = { type: 'string' }
const textOrNull = { type: 'string', nullable: true }
const number = { type: 'number' }
const numberOrNull = { type: 'number', nullable: true }
const flag = { type: 'boolean' }
const pointOrNull = {
  type: 'object',
  nullable: true,
  properties: { latitude_deg: number, longitude_deg: number }
}
const driver = {
  type: 'object',
  properties: {
    id: text, name: text, badge: textOrNull, group_id: textOrNull, kind: text, is_person: flag, active: flag
  }
}
const event = {
  type: 'object',
  properties: {
    id: text,
    occurred_at: text,
    started_at: textOrNull,
    ended_at: textOrNull,
    received_at: text,
    driver_id: text,
    vehicle_id: text,
    event_type_id: text,
    description: textOrNull,
    classification: text,
    category: text,
    occurrences: { type: 'integer' },
    duration_s: { type: 'integer', nullable: true },
    value: numberOrNull,
    value_kind: textOrNull,
    value_unit: textOrNull,
    speed_limit_kmh: numberOrNull,
    fuel_used_l: numberOrNull,
    odometer_start_km: numberOrNull,
    odometer_end_km: numberOrNull,
    start: pointOrNull,
    end: pointOrNull,
    location_id: textOrNull,
    reassigned_from: textOrNull,
    withdrawn_at: textOrNull
  }
}
const pageOf = (item) => ({
  response: { 200: { type: 'object', properties: { items: { type: 'array', items: item }, next_cursor: textOrNull } } },
  querystring: {
    type: 'object',
    properties: { limit: { type: 'integer', minimum: 1, maximum: 500, default: 50 }, cursor: text },
    additionalProperties: false
  }
})

const app = Fastify({ logger: false })

app.register(async (guarded) => {
  guarded.addHook('onRequest', async (request, reply) => {
    const header = request.headers.authorization
    const known = header !== undefined && header.startsWith('Bearer ') && timingSafeEqual(sha256(header.slice(7)), tokenDigest)
    if (!known) return reply.code(401).send({ code: 'unauthorized' })
  })

  guarded.get('/drivers', { schema: pageOf(driver) }, async ({ query: { limit, cursor } }) => {
    const rows = cursor === undefined
      ? await read(STATEMENTS.drivers, [organisation, limit + 1])
      : await read(STATEMENTS.driversAfter, [organisation, limit + 1, ...keyIn(cursor)])
    return page(rows, limit, asIs, (row) => [row.sort_name, row.id])
  })

  guarded.get('/drivers/:id/events', {
    schema: { ...pageOf(event), params: { type: 'object', properties: { id: { type: 'string', pattern: '^-?[0-9]{1,19}$' } } } }
  }, async ({ params: { id }, query: { limit, cursor } }) => {
    const rows = cursor === undefined
      ? await read(STATEMENTS.events, [organisation, id, limit + 1])
      : await read(STATEMENTS.eventsAfter, [organisation, id, limit + 1, ...keyIn(cursor)])
    return page(rows, limit, eventView, (row) => [row.occurred_at, row.id])
  })
}, { prefix: '/v1' })

app.get('/health/ready', async () => ({ ready: (await pool.query('select 1 as one')).rowCount === 1 }))

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => app.close().then(() => pool.end()).then(() => process.exit(0)))
}
app.listen({ host: '127.0.0.1', port: Number(process.env.PEER_PORT) })
