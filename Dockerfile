# glibc only: the Temporal SDK's native part has no musl build. No build step: Node 24 runs the sources.
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The base image brings Node 24, so the one of the lockfile (180 MB) stays out, and so do the Temporal SDK's
# binaries for the other platforms.
RUN npm ci --omit=dev --ignore-scripts \
  && rm -rf node_modules/node-linux-* node_modules/.bin/node \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
    ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

FROM node:24-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production SALLYPORT_DATA_DIR=/data
# Only the data folder and the cache of bundled workflows belong to the gateway's user; the code is root's.
COPY --from=dependencies /app/node_modules ./node_modules
RUN mkdir -p node_modules/.cache /data && chown node:node node_modules/.cache /data
COPY package.json ./
COPY bin ./bin
COPY policy ./policy
COPY src ./src
USER node
VOLUME /data
EXPOSE 8480
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8480/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
