import type { Context } from 'hono';
import type { WebEnv } from '../access/env.ts';
import type { Operation, Parameter, SchemaNode } from '../api/document.ts';
import { apiDescription } from '../api/openapi.ts';
import type { Web } from '../services.ts';
import { Command } from './command.tsx';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';
import { TypeOf } from './reference-type.tsx';
import { Table } from './table.tsx';

/** `/api`: the reference of the API, made from its OpenAPI document. */
export async function referencePage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { paths, components } = apiDescription();
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.map(({ operation }) => operation.tags[0] ?? ''))].sort();
  return answerPage(context, web, {
    title: 'API',
    section: 'api',
    content: (
      <div class="reference">
        <PageHead title="API" />
        <Introduction />
        <nav aria-label="API sections">
          {tags.map((tag) => (
            <a href={`#${tag}`}>{tag}</a>
          ))}
          <a href="#schemas">schemas</a>
        </nav>
        {tags.map((tag) => (
          <section id={tag}>
            <h2>{tag}</h2>
            {operations
              .filter(({ operation }) => operation.tags[0] === tag)
              .map((one) => (
                <OperationPart {...one} />
              ))}
          </section>
        ))}
        <section id="schemas">
          <h2>schemas</h2>
          {Object.entries(components.schemas).map(([name, schema]) => (
            <article id={`schema-${name}`}>
              <h3>{name}</h3>
              <Properties schema={schema} />
            </article>
          ))}
        </section>
      </div>
    ),
  });
}

function Introduction() {
  return (
    <>
      <p>
        All paths begin with <code>/api/v1</code>. Programs can read the same reference as an OpenAPI 3.1 document:{' '}
        <a href="/api/v1/openapi.json">openapi.json</a>.
      </p>
      <p>
        Send an access token as <code>Authorization: Bearer TOKEN</code>; <Command line="volt token add" /> creates
        tokens. Errors have the form <code>{'{error: {code, message, remedy}}'}</code>; codes never change. Lists are
        newest first. To get the next page, send <code>next</code> of one page as <code>before</code>; the header{' '}
        <code>Link</code> has the full URL. GET responses have an <code>ETag</code>; send <code>If-None-Match</code> to
        get 304 if nothing changed. Stream changes from <a href="#events.get">/events</a>; resume with{' '}
        <code>Last-Event-ID</code> to miss nothing.
      </p>
    </>
  );
}

function OperationPart({ path, method, operation }: { path: string; method: string; operation: Operation }) {
  const { operationId, summary, security, parameters, requestBody, responses } = operation;
  const answers = Object.entries(responses);
  const successes = answers.filter(([status, { content = {} }]) => Number(status) < 400 || !isError(content));
  const errors = answers.filter((one) => !successes.includes(one)).map(([, { description }]) => description);
  const open = security.some((one) => Object.keys(one).length === 0);
  const role = security.flatMap(({ token }) => token ?? [])[0];
  return (
    <article id={operationId}>
      <h3>
        <code class="method">{method.toUpperCase()}</code> <code>{path}</code>
      </h3>
      <p>{summary}</p>
      <p class="faint">
        <code>{operationId}</code> ·{' '}
        {role === undefined ? (
          'for everybody who is signed in'
        ) : (
          <>
            needs the role <code>{role}</code>
          </>
        )}
        {open ? ', or none if VOLT_READING allows it' : ''}
      </p>
      {parameters.length > 0 && <Parameters parameters={parameters} />}
      {requestBody && (
        <p>
          Body: <TypeOf schema={requestBody.content['application/json'].schema} />
        </p>
      )}
      <Table
        rows={successes}
        columns={[
          { head: 'Response', cell: ([status]) => status },
          {
            head: 'Content',
            cell: ([, { content = {} }]) =>
              Object.entries(content).map(([type, { schema }]) =>
                type === 'application/json' ? <TypeOf schema={schema} /> : <code>{type} </code>,
              ),
          },
          { head: 'When', cell: ([, { description }]) => description },
        ]}
      />
      <p class="faint">
        <a href="#schema-Error">Errors</a>: {errors.join(', ')}
      </p>
      {Object.entries(responses['200']?.content ?? {}).map(
        ([type, { schema }]) =>
          type !== 'application/json' && (
            <p class="faint">
              <code>{type}</code>: {schema.description}
            </p>
          ),
      )}
    </article>
  );
}

function isError(content: { [type: string]: { schema: SchemaNode } }): boolean {
  return content['application/json']?.schema.$ref?.endsWith('/Error') === true;
}

function Parameters({ parameters }: { parameters: readonly Parameter[] }) {
  return (
    <Table
      rows={parameters}
      columns={[
        {
          head: 'Parameter',
          cell: ({ name, in: where }) => (
            <>
              <code>{name}</code> <span class="faint">in {where}</span>
            </>
          ),
        },
        { head: 'Type', cell: ({ schema }) => <TypeOf schema={schema} /> },
        {
          head: 'Description',
          cell: ({ in: where, required, description = '' }) =>
            `${description}${where === 'query' && required ? ' (required)' : ''}`,
        },
      ]}
    />
  );
}

function Properties({ schema }: { schema: SchemaNode }) {
  const { properties, required = [], description } = schema;
  if (!properties) {
    return (
      <p>
        <TypeOf schema={schema} />
      </p>
    );
  }
  return (
    <>
      {description && <p>{description}</p>}
      <Table
        rows={Object.entries(properties)}
        columns={[
          {
            head: 'Property',
            cell: ([name]) => (
              <>
                <code>{name}</code>
                {!required.includes(name) && <span class="faint"> optional</span>}
              </>
            ),
          },
          { head: 'Type', cell: ([, property]) => <TypeOf schema={property} /> },
          { head: 'Description', cell: ([, property]) => property.description },
        ]}
      />
    </>
  );
}
