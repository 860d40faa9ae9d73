import { configure } from '@vendia/serverless-express';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import express, { type Request, type Response } from 'express';
import { reply } from './bare-handler.js';

const app = express();
app.disable('x-powered-by');
// serverless-express hands over the body as it came, in the place where a parser would put it.
app.post('/chat', (request: Request, response: Response, next) => {
  const body = JSON.parse(String(request.body)) as { prompt?: unknown };
  reply(request.get('id_token'), body).then(({ status, json }) => response.status(status).json(json), next);
});

const handle = configure<APIGatewayProxyEvent, APIGatewayProxyResult>({ app });

/** The bare handler's work behind Express and serverless-express: what most functions of this kind look like. */
export async function handler(event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult> {
  return handle(event, context, () => undefined) as Promise<APIGatewayProxyResult>;
}
