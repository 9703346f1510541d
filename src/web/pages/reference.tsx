import type { Context } from 'hono';
import type { WebEnv } from '../access/env.ts';
import type { Operation, Parameter, SchemaNode } from '../api/document.ts';
import { apiDescription } from '../api/openapi.ts';
import type { Web } from '../services.ts';
import { answerPage } from './layout.tsx';
import { TypeOf } from './reference-type.tsx';

/** `/api`: the description of the API to read and look things up in, made of the same document that programs get. */
export async function referencePage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { paths, components } = apiDescription();
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.map(({ operation }) => operation.tags[0] ?? ''))].sort();
  return answerPage(context, web, {
    title: 'API',
    place: 'none',
    content: (
      <div class="reference">
        <h1>API</h1>
        <Introduction />
        <nav aria-label="Parts of the API">
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
        Paths begin with <code>/api/v1</code>. The same for programs: <a href="/api/v1/openapi.json">openapi.json</a>,
        an OpenAPI 3.1 document.
      </p>
      <p>
        Send <code>Authorization: Bearer TOKEN</code>; <code>volt token add</code> makes tokens. Errors are{' '}
        <code>{'{error: {code, message, remedy}}'}</code>; codes never change. Lists are newest first: what a list gives
        as <code>next</code> is <code>before</code> of its next page, whose address is also in the header{' '}
        <code>Link</code>. Answers to GET carry an <code>ETag</code>: with <code>If-None-Match</code> one that is the
        same is 304, without content. <a href="#events.get">/events</a> tells what changes; with{' '}
        <code>Last-Event-ID</code> nothing is missed.
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
  const scope = security.flatMap(({ token }) => token ?? [])[0];
  return (
    <article id={operationId}>
      <h3>
        <code class="method">{method.toUpperCase()}</code> <code>{path}</code>
      </h3>
      <p>{summary}</p>
      <p class="faint">
        <code>{operationId}</code> · {open ? 'open where VOLT_READING says so, else ' : ''}a token of scope{' '}
        <code>{scope}</code>
      </p>
      {parameters.length > 0 && <Parameters parameters={parameters} />}
      {requestBody && (
        <p>
          Body: <TypeOf schema={requestBody.content['application/json'].schema} />
        </p>
      )}
      <table>
        <thead>
          <tr>
            <th>Answer</th>
            <th>Content</th>
            <th>When</th>
          </tr>
        </thead>
        <tbody>
          {successes.map(([status, { description, content = {} }]) => (
            <tr>
              <td>{status}</td>
              <td>
                {Object.entries(content).map(([type, { schema }]) =>
                  type === 'application/json' ? <TypeOf schema={schema} /> : <code>{type} </code>,
                )}
              </td>
              <td>{description}</td>
            </tr>
          ))}
        </tbody>
      </table>
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
    <table>
      <thead>
        <tr>
          <th>Parameter</th>
          <th>Type</th>
          <th>Meaning</th>
        </tr>
      </thead>
      <tbody>
        {parameters.map(({ name, in: where, required, description, schema }) => (
          <tr>
            <td>
              <code>{name}</code> <span class="faint">in the {where}</span>
            </td>
            <td>
              <TypeOf schema={schema} />
            </td>
            <td>
              {description}
              {where === 'query' && required && ' (required)'}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
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
      <table>
        <thead>
          <tr>
            <th>Property</th>
            <th>Type</th>
            <th>Meaning</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(properties).map(([name, property]) => (
            <tr>
              <td>
                <code>{name}</code>
                {!required.includes(name) && <span class="faint"> may be absent</span>}
              </td>
              <td>
                <TypeOf schema={property} />
              </td>
              <td>{property.description}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
