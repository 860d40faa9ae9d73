import { Controller, Get } from '@nestjs/common';
import { ReadinessService } from './readiness.service.js';

/** The routes of the probes, as a matched route is named. */
export const PROBE_ROUTES: readonly string[] = ['/health', '/health/ready'];

/** Response of both probes. */
export interface HealthResponse {
  readonly status: 'ok';
}

const OK: HealthResponse = { status: 'ok' };

/** `GET /health`: the process runs. `GET /health/ready`: it can reach what it needs. Neither needs a token. */
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: ReadinessService) {}

  @Get()
  getHealth(): HealthResponse {
    return OK;
  }

  @Get('ready')
  async getReadiness(): Promise<HealthResponse> {
    await this.readiness.require();
    return OK;
  }
}
