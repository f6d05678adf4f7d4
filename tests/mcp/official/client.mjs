// Speaks with `orca mcp` by the protocol's official client, in both eras. DOCKER_HOST says of which swarm; SERVICE is a
// service in it with one replica.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const [command, service] = process.argv.slice(2);

async function connected(versionNegotiation, args) {
  const client = new Client({ name: 'official', version: '1' }, { versionNegotiation });
  await client.connect(new StdioClientTransport({ command, args: ['mcp', ...args], env: process.env, stderr: 'inherit' }));
  return client;
}

const replicas = async (client) => {
  const { structuredContent } = await client.callTool({ name: 'list_services', arguments: { names: [service] } });
  return structuredContent.report.data.services[0].wanted;
};

for (const era of ['legacy', { pin: '2026-07-28' }]) {
  const reader = await connected({ mode: era }, []);
  const { tools } = await reader.listTools();
  assert(tools.length > 10 && tools.every((tool) => tool.annotations.readOnlyHint));
  // The client checks answers against the output schemas.
  const health = await reader.callTool({ name: 'get_health', arguments: {} });
  assert.equal(health.structuredContent.report.command, 'health');
  await assert.rejects(reader.callTool({ name: 'scale_service', arguments: { name: service, replicas: 2, confirm: true } }));
  assert.equal(await replicas(reader), 1);
  await reader.close();

  const writer = await connected({ mode: era }, ['--allow-write']);
  const plan = await writer.callTool({ name: 'scale_service', arguments: { name: service, replicas: 2 } });
  assert.equal(await replicas(writer), 1);
  const plan_id = plan.structuredContent.plan_id;
  const done = await writer.callTool({ name: 'scale_service', arguments: { name: service, replicas: 2, plan_id } });
  assert.equal(done.structuredContent.report.outcome, 'changed');
  assert.equal(await replicas(writer), 2);
  await writer.callTool({ name: 'scale_service', arguments: { name: service, replicas: 1, confirm: true } });
  assert.equal(await replicas(writer), 1);
  await writer.close();
  console.log(`${era.pin ?? era}: ${tools.length} tools to read with, a plan, and two changes`);
}

// The configuration of swarm-orchestrator, its command and arguments replaced, and its nine tools as its README calls them.
const file = JSON.parse(readFileSync(new URL('swarm-orchestrator.json', import.meta.url), 'utf8'));
const start = file.mcpServers['swarm-orchestrator'];
const client = new Client({ name: 'of-the-original', version: '1' }, { versionNegotiation: { mode: 'legacy' } });
const path = `${dirname(command)}:${process.env.PATH}`;
await client.connect(new StdioClientTransport({ ...start, env: { ...process.env, PATH: path }, stderr: 'inherit' }));
const ask = async (name, args) => (await client.callTool({ name, arguments: args })).structuredContent;
const image = process.env.IMAGE ?? '127.0.0.1:1/bb:1';
const consent = { confirm: true };
for (const [name, args, told] of [
  ['deploy_service', { name: 'hello', image, replicas: 2, ports: ['8888:80'], ...consent }, 'changed'],
  ['scale_service', { name: 'hello', replicas: 1, ...consent }, 'changed'],
  ['get_service_logs', { name: 'hello', tail: 100 }, 'unchanged'],
  ['stop_service', { name: 'hello', ...consent }, 'changed'],
  ['list_services', {}, 'unchanged'],
  ['list_nodes', {}, 'unchanged'],
  ['get_health', {}, 'unchanged'],
]) {
  const answer = await ask(name, args);
  assert.equal(answer.report?.outcome, told, `${name}: ${JSON.stringify(answer)}`);
}
// A registry that nobody named, or that is away, is an error; REGISTRY_URL names one.
const images = await ask('get_registry_images', {});
assert.equal(images.exit_code, process.env.REGISTRY_URL ? 0 : 64, JSON.stringify(images));
if (process.env.TAG) {
  const [repository, tag] = process.env.TAG.split(':');
  const gone = await ask('delete_registry_tag', { repository, tag, ...consent });
  assert.equal(gone.exit_code, 0, JSON.stringify(gone));
}
await client.close();
console.log("the original's configuration: its tools answer");
