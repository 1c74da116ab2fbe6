import { Controller, Get, Header, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Public } from '@spillway/auth';
import { HealthRegistry, type HealthReport } from '@spillway/health';
import { QueueFiguresReader, type QueueFigures } from './queue-figures.js';

/** Public, without addresses. */
@Controller('health')
@Public()
export class HealthController {
  constructor(
    private readonly health: HealthRegistry,
    private readonly queue: QueueFiguresReader,
  ) {}

  /** 200 while posts can be accepted, else 503. */
  @Get()
  @Header('Cache-Control', 'no-store')
  async report(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthReport> {
    const report = await this.health.report();
    void reply.status(report.status === 'up' ? 200 : 503);
    return report;
  }

  @Get('live')
  @Header('Cache-Control', 'no-store')
  live(): { readonly status: 'up' } {
    return { status: 'up' };
  }

  @Get('ready')
  @Header('Cache-Control', 'no-store')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<{ readonly ready: boolean }> {
    const { ready } = await this.health.report();
    void reply.status(ready ? 200 : 503);
    return { ready };
  }

  @Get('queue')
  @Header('Cache-Control', 'no-store')
  figures(): Promise<QueueFigures> {
    return this.queue.read();
  }
}
