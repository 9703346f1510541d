import { expect } from 'chai';
import { Guard } from '../../src/web/access/guard.ts';
import { webApp } from '../../src/web/app.ts';
import { Assets } from '../../src/web/assets.ts';
import { FleetHistory } from '../../src/web/fleet-history.ts';
import { LineIndexes } from '../../src/web/logs/index.ts';
import { Notices } from '../../src/web/streams/notices.ts';
import { OpenStreams } from '../../src/web/streams/sse.ts';
import { Site } from './site.ts';

interface Operation {
  security: object[];
  parameters: { name: string; in: string; required: boolean }[];
  responses: { [status: string]: { content?: object } };
}
interface Document {
  openapi: string;
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: { [name: string]: object } };
}

describe('web: the description of the API', () => {
  let site: Site;
  let document: Document;
  let served: string[];
  before(async () => {
    site = await Site.start();
    document = await site.json('/api/v1/openapi.json');
    const { context } = site;
    const web = {
      ...context,
      notices: await Notices.open(context.access, context.logger),
      guard: new Guard(site.token, context),
      streams: new OpenStreams(context.logger),
      lines: new LineIndexes(),
      fleet: new FleetHistory(),
      assets: new Assets(),
    };
    const app = webApp(web, { bound: '127.0.0.1', machine: 'box', url: undefined });
    served = app.routes
      .filter(({ path, method }) => path.startsWith('/api/') && method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replace('/api/v1', '').replace(/:(\w+)/g, '{$1}')}`);
  });
  after(() => site.stop());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, method, operation })),
    );

  it('is of OpenAPI 3.1', () => {
    expect(document.openapi).to.match(/^3\.1\.\d$/);
  });

  it('holds every route, and no other', () => {
    expect(operations().map(({ name }) => name)).to.have.members(served);
    expect(served).to.include.members([
      'get /builds',
      'post /repos/{name}/trigger',
      'get /jobs/{id}/log',
      'get /jobs/{id}/log/lines',
      'get /jobs/{id}/log/search',
      'get /openapi.json',
    ]);
  });

  it('names every part of a path', () => {
    for (const { name, path, operation } of operations()) {
      const parts = [...path.matchAll(/\{(\w+)\}/g)].map(([, part]) => part);
      const described = operation.parameters.filter((parameter) => parameter.in === 'path');
      expect(
        described.map((parameter) => parameter.name),
        name,
      ).to.have.members(parts);
      expect(
        described.every(({ required }) => required),
        name,
      ).to.equal(true);
    }
  });

  it('refers to nothing that it does not hold', () => {
    const text = JSON.stringify(document);
    const referred = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, place]) =>
      place?.replace('#/components/schemas/', ''),
    );
    expect(referred).to.include.members(['Build', 'Error', 'SystemStatus']);
    for (const name of referred) expect(document.components.schemas).to.have.property(String(name));
  });

  it('says that writing and what concerns secrets needs the token, and what every request may be refused with', () => {
    for (const { name, path, method, operation } of operations()) {
      const open = method === 'get' && !/secrets|variables|credentials|trusted|tokens|audit/.test(path);
      expect(
        operation.security.some((one) => Object.keys(one).length === 0),
        name,
      ).to.equal(open);
      expect(operation.responses, name).to.include.keys('401', '403', '500');
    }
    expect(document.paths['/builds/{id}/cancel']?.post?.responses).to.include.keys('202', '400', '404', '409');
  });
});
