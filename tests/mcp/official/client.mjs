// Speaks with `orca mcp` by the protocol's official client, in both eras. DOCKER_HOST says of which swarm; SERVICE is a
// service in it with one replica.
import assert from 'node:assert/strict';
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
