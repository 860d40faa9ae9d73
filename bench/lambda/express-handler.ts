import { configure } from '@vendia/serverless-express';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import express, { type Request, type Response } from 'express';
import { runTurn } from './bare-handler.js';

const app = express();
app.disable('x-powered-by');
// serverless-express puts the unparsed body into `request.body`.
app.post('/chat', (request: Request, response: Response, next) => {
  const body = JSON.parse(String(request.body)) as { prompt?: unknown };
  runTurn(request.get('id_token'), body).then(({ status, json }) => response.status(status).json(json), next);
});

const handle = configure<APIGatewayProxyEvent, APIGatewayProxyResult>({ app });

/** The bare handler behind Express and serverless-express, as many functions are built. */
export async function handler(event: APIGatewayProxyEvent, context: Context): Promise<APIGatewayProxyResult> {
  return handle(event, context, () => undefined) as Promise<APIGatewayProxyResult>;
}
