import type { Role } from '../../kernel/roles.ts';

/** The parts of JSON Schema that the document uses. */
export interface SchemaNode {
  $ref?: string;
  type?: string;
  description?: string;
  format?: string;
  pattern?: string;
  default?: unknown;
  const?: unknown;
  enum?: unknown[];
  anyOf?: SchemaNode[];
  oneOf?: SchemaNode[];
  items?: SchemaNode;
  properties?: { [name: string]: SchemaNode };
  additionalProperties?: SchemaNode | boolean;
  required?: string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  description?: string;
  schema: SchemaNode;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  security: { token?: Role[] }[];
  parameters: Parameter[];
  requestBody?: { content: { 'application/json': { schema: SchemaNode } } };
  responses: {
    [status: string]: { description: string; content?: { [type: string]: { schema: SchemaNode } }; headers?: object };
  };
}

/** An OpenAPI 3.1 document, https://spec.openapis.org/oas/v3.1.1.html. */
export interface Description {
  openapi: string;
  info: { title: string; version: string; description: string };
  servers: { url: string }[];
  paths: { [path: string]: { [method: string]: Operation } };
  components: { schemas: { [name: string]: SchemaNode }; securitySchemes: object };
}
