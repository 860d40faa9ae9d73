// Made from openapi.json by npm run openapi.
export interface paths {
    "/chat": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a turn and return the reply and the chat
         * @description Once the turn has begun, its prompt is in the history, whatever the response is.
         */
        post: operations["createReply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/chat/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a turn and stream the reply
         * @description The stream opens with the first text of the agent, or after 10 s. Before that, an error has its status. After it, an error is the part `error`, and the status stays 200. The body is our own, or that of the AI SDK. A body with `prompt` is our own.
         */
        post: operations["streamReply"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/chats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the chats of the user, page by page
         * @description The chat that was updated last comes first. A chat that is updated meanwhile moves to the first page.
         */
        get: operations["listChats"];
        put?: never;
        post?: never;
        /** Delete all chats of the user for good */
        delete: operations["deleteAllChats"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/chats/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a chat with its newest messages */
        get: operations["getChat"];
        put?: never;
        post?: never;
        /** Delete a chat for good */
        delete: operations["deleteChat"];
        options?: never;
        head?: never;
        /**
         * Rename a chat
         * @description Its place in the list stays.
         */
        patch: operations["renameChat"];
        trace?: never;
    };
    "/chats/{id}/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the messages of a chat, page by page
         * @description The first page has the newest messages. Each `next_cursor` leads to older ones.
         */
        get: operations["listMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/chat/stream/{id}/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream the reply of the running turn from its start
         * @description Any number of readers may stream one turn. In the process that runs the turn, the reply comes as it grows. Elsewhere it comes when it is stored, and comments come meanwhile.
         */
        get: operations["resumeReply"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/chats/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop the running turn of a chat
         * @description It takes effect within 2 s, in whichever process the turn runs. What there is of the reply is kept as `stopped`. If the reply is complete before that, it is kept whole.
         */
        post: operations["stopTurn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tell whether the service runs */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Tell whether the service can work
         * @description Checks that the table can be read, and that there are signing keys. The result is kept for a second.
         */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A prompt, and the chat that it belongs to */
        ChatRequest: {
            /**
             * @description Not blank. The limit counts Unicode code points and is a setting of the service
             * @example Plan a weekend in Lisbon
             */
            prompt: string;
            /**
             * @description The chat to continue. Absent or null opens a new chat
             * @example b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11
             */
            chat_id?: string | null;
            /**
             * @description Asks anew: the id of a message of the chat. Once the turn has an answer, the turn of that message and all turns after it leave the history. Needs `chat_id`. Absent or null replaces nothing
             * @example b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11:1
             */
            replace_from?: string | null;
        };
        /** @description The body that the AI SDK sends, with `messages` or `message`. Its other fields are ignored */
        UiChatRequest: {
            /**
             * @description The chat. If the user has and had none with this id, it is opened
             * @example b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11
             */
            id: string;
            /** @description The messages of the page. The last one is the prompt. The newest of the others that is in the history says where the turn stands */
            messages?: components["schemas"]["UiMessage"][];
            /** @description The prompt alone, in place of `messages` */
            message?: components["schemas"]["UiMessage"];
            /** @description With `message`: the id of the message before it, which says where a turn stands that replaces others */
            after?: string | null;
            /**
             * @description `regenerate-message` replaces the turns behind that place, once the turn has an answer
             * @example submit-message
             * @example regenerate-message
             */
            trigger?: string;
            /** @description The message that is edited or regenerated. The turns behind that place are replaced */
            messageId?: string | null;
        };
        /** @description A message of the AI SDK. Its other fields are ignored */
        UiMessage: {
            /** @description Its id. That of a message of the history is its id there */
            id?: string;
            /**
             * @description Who speaks: `user` for a prompt
             * @example user
             * @example assistant
             */
            role: string;
            /** @description The parts. The texts of a prompt are joined by a blank line. `file` is refused */
            parts: {
                /** @description The kind of part */
                type: string;
                /** @description The text of a part `text` */
                text?: string;
            }[];
        };
        /** @description The reply to a prompt */
        ReplyResponse: {
            /** @description The reply of the agent */
            response: string;
            chat: components["schemas"]["Chat"];
        };
        /** @description A chat */
        ChatResponse: {
            chat: components["schemas"]["Chat"];
        };
        /** @description One page of the messages of a chat */
        MessagePage: {
            /** @description Oldest first. A turn is never split. */
            messages: components["schemas"]["Message"][];
            /** @description Leads to the messages before these. Absent if there are none */
            next_cursor?: string;
        };
        /** @description A chat with its newest messages */
        Chat: {
            /**
             * @description The id of the chat
             * @example b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11
             */
            id: string;
            /** @description The user that the token names */
            user_id: string;
            /**
             * @description Made from the first prompt, or set by a rename
             * @example Plan a weekend in Lisbon
             */
            title: string;
            /**
             * Format: date-time
             * @description When the chat was opened
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When its last turn ended or began
             */
            updated_at: string;
            /** @description Oldest first. A turn is never split. */
            messages: components["schemas"]["Message"][];
            /** @description Leads to the messages before these. Absent if there are none */
            next_cursor?: string;
            /**
             * @description Whether a turn is running; else absent
             * @constant
             */
            running?: true;
        };
        /** @description One page of the chats of the user */
        ChatList: {
            /** @description The chat that was updated last comes first */
            chats: components["schemas"]["ChatSummary"][];
            /** @description Leads to the chats after these. Absent if there are none */
            next_cursor?: string;
        };
        /** @description A new title */
        RenameRequest: {
            /** @description Not blank. The limit counts Unicode code points */
            title: string;
        };
        /** @description The chat with its new title */
        RenamedChat: {
            chat: components["schemas"]["ChatSummary"];
        };
        /** @description A chat without its messages */
        ChatSummary: {
            /**
             * @description The id of the chat
             * @example b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11
             */
            id: string;
            /** @description The user that the token names */
            user_id: string;
            /**
             * @description Made from the first prompt, or set by a rename
             * @example Plan a weekend in Lisbon
             */
            title: string;
            /**
             * Format: date-time
             * @description When the chat was opened
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When its last turn ended or began
             */
            updated_at: string;
        };
        /** @description A message of the history */
        Message: {
            /**
             * @description Never changes. A prompt has the id of its reply and `:user`
             * @example b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11:1
             */
            id: string;
            /**
             * @description Who speaks
             *
             *     - `user`: a prompt
             *     - `assistant`: a reply of the agent
             * @enum {string}
             */
            role: "user" | "assistant";
            /** @description The text */
            content: string;
            /**
             * Format: date-time
             * @description When it was stored. Some messages of the original system have none
             */
            created_at?: string;
            /**
             * @description Absent on a complete message
             *
             *     - `pending`: a prompt whose turn runs
             *     - `failed`: a prompt that got no reply
             *     - `partial`: a reply that broke off, or that the agent ended early
             *     - `stopped`: what there was of a reply when a user stopped it. On a prompt: no reply had begun
             * @enum {string}
             */
            status?: "pending" | "failed" | "partial" | "stopped";
            /** @description The sources of a reply */
            citations?: components["schemas"]["Citation"][];
            usage?: components["schemas"]["Usage"];
        };
        /** @description A source of a reply. It has at least a title, a URI or a snippet */
        Citation: {
            /** @description The title of the source */
            title?: string;
            /** @description Where the source is: http, https or s3 */
            uri?: string;
            /** @description The beginning of the text that was used */
            snippet?: string;
            /** @description The first character of the reply that rests on this source */
            start?: number;
            /** @description The character after the last one */
            end?: number;
        };
        /** @description The tokens of a reply, over all calls to models */
        Usage: {
            /** @description Tokens that the model read */
            input_tokens: number;
            /** @description Tokens that the model wrote */
            output_tokens: number;
        };
        /** @description The data of one event, as JSON: a part of the UI message stream of the AI SDK */
        StreamPart: components["schemas"]["StartPart"] | components["schemas"]["TextStartPart"] | components["schemas"]["TextDeltaPart"] | components["schemas"]["TextEndPart"] | components["schemas"]["SourceUrlPart"] | components["schemas"]["SourceDocumentPart"] | components["schemas"]["ErrorPart"] | components["schemas"]["AbortPart"] | components["schemas"]["FinishPart"];
        /** @description The turn has begun */
        StartPart: {
            /** @constant */
            type: "start";
            /** @description The id of the reply */
            messageId: string;
            messageMetadata: components["schemas"]["StartMetadata"];
        };
        /** @description The text begins */
        TextStartPart: {
            /** @constant */
            type: "text-start";
            /** @description All text of a reply has the same id */
            id: string;
        };
        /** @description A piece of the text. All pieces together are the stored reply */
        TextDeltaPart: {
            /** @constant */
            type: "text-delta";
            /** @description All text of a reply has the same id */
            id: string;
            /** @description The piece */
            delta: string;
        };
        /** @description The text ends */
        TextEndPart: {
            /** @constant */
            type: "text-end";
            /** @description All text of a reply has the same id */
            id: string;
        };
        /** @description A source with an address */
        SourceUrlPart: {
            /** @constant */
            type: "source-url";
            /** @description Unique within the reply */
            sourceId: string;
            /** @description An http or https address */
            url: string;
            /** @description The title of the source */
            title?: string;
            providerMetadata?: components["schemas"]["SourceMetadata"];
        };
        /** @description Any other source */
        SourceDocumentPart: {
            /** @constant */
            type: "source-document";
            /** @description Unique within the reply */
            sourceId: string;
            /** @description The media type, guessed from the name of the file */
            mediaType: string;
            /** @description The title of the source, or a name for it */
            title: string;
            /** @description The name of the file */
            filename?: string;
            providerMetadata?: components["schemas"]["SourceMetadata"];
        };
        /** @description The turn has failed. Only `finish` follows */
        ErrorPart: {
            /** @constant */
            type: "error";
            /** @description One of the texts that `error` has in the responses of this route */
            errorText: string;
        };
        /** @description A user has stopped the turn. Only `finish` follows */
        AbortPart: {
            /** @constant */
            type: "abort";
        };
        /** @description The reply is stored, or the turn has failed */
        FinishPart: {
            /** @constant */
            type: "finish";
            /**
             * @description Why the reply ended
             *
             *     - `stop`: the reply is complete
             *     - `length`: the agent has reached a limit; the message is stored as `partial`
             *     - `content-filter`: a filter has ended the reply
             *     - `other`: the agent has ended the reply early, or a user has stopped it; the message is `partial` or `stopped`
             *     - `error`: the turn has failed
             * @enum {string}
             */
            finishReason: "stop" | "length" | "content-filter" | "other" | "error";
            messageMetadata?: components["schemas"]["StreamMetadata"];
        };
        /** @description What the service adds to the message when the turn begins */
        StartMetadata: {
            chat: components["schemas"]["ChatSummary"];
            usage?: components["schemas"]["StreamUsage"];
            /** @description The id of the prompt */
            user_message_id: string;
        };
        /** @description What the service adds to the message */
        StreamMetadata: {
            chat: components["schemas"]["ChatSummary"];
            usage?: components["schemas"]["StreamUsage"];
        };
        /** @description On `finish`, if the agent counts tokens */
        StreamUsage: {
            /** @description Tokens that the model read */
            inputTokens: number;
            /** @description Tokens that the model wrote */
            outputTokens: number;
            /** @description Both together */
            totalTokens: number;
        };
        /** @description What the protocol has no field for */
        SourceMetadata: {
            citation: components["schemas"]["SourceCitation"];
        };
        /** @description A citation without its title */
        SourceCitation: {
            /** @description Where the source is: http, https or s3 */
            uri?: string;
            /** @description The beginning of the text that was used */
            snippet?: string;
            /** @description The first character of the reply that rests on this source */
            start?: number;
            /** @description The character after the last one */
            end?: number;
        };
        /** @description The request cannot be served as it is */
        ClientError: {
            /** @description Why: one of the texts in the examples */
            error: string;
        };
        /** @description The service has failed, or a service that it needs */
        ServerError: {
            /** @description What has failed: one of the texts in the examples */
            error: string;
            /** @description What the caller can do, with the id of the request; of a probe, what is missing */
            message: string;
        };
        /** @description The result of a probe */
        Health: {
            /** @constant */
            status: "ok";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /** @description The id of the request, which the log has too */
        "x-request-id": string;
        /** @description No response is cached, and proxies must not compress streams */
        "cache-control": "no-store" | "no-store, no-transform";
        /** @description The type of a response is not guessed */
        "x-content-type-options": "nosniff";
        /** @description A response is no page */
        "content-security-policy": "default-src 'none';frame-ancestors 'none'";
        /** @description A page of another origin cannot embed it */
        "cross-origin-resource-policy": "same-origin";
        /** @description Sent for browsers */
        "referrer-policy": "no-referrer";
        /** @description Obeyed over https only */
        "strict-transport-security": string;
        /** @description Sent for older browsers */
        "x-frame-options": "DENY";
        /** @description The origin of the page, if it may read the response */
        "access-control-allow-origin": string;
        /** @description The headers that a page may read */
        "access-control-expose-headers": string;
        /** @description The response depends on the origin of the page */
        vary: "Origin";
        /** @description Whole seconds after which to try again */
        "retry-after": string;
        /** @description Whole seconds after which to try again, if that may help */
        "retry-after-sometimes": string;
        /** @description The reply of an earlier request with the same key */
        "idempotency-replayed": "true";
        /** @description The chat of the turn, once the turn has begun */
        "chat-id": string;
        /** @description The id of the message with the reply, once the turn has begun */
        "turn-id": string;
        /** @description The version of the protocol of the AI SDK */
        "x-vercel-ai-ui-message-stream": "v1";
        /** @description Keeps nginx from buffering the stream */
        "x-accel-buffering": "no";
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    createReply: {
        parameters: {
            query?: never;
            header?: {
                /** @description A repetition with the same key gets the stored reply, and the agent is not asked again. */
                "Idempotency-Key"?: string;
                /** @description Stops a running turn of the chat for this one. Without it, only a stream that all its readers have left is stopped. */
                supersede?: "true";
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatRequest"];
            };
        };
        responses: {
            /** @description The reply, and the chat with its newest messages */
            200: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "idempotency-replayed": components["headers"]["idempotency-replayed"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReplyResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    "retry-after": components["headers"]["retry-after-sometimes"];
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Payload Too Large */
            413: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Gateway Timeout */
            504: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    streamReply: {
        parameters: {
            query?: never;
            header?: {
                /** @description A repetition with the same key gets the stored reply, and the agent is not asked again. */
                "Idempotency-Key"?: string;
                /** @description Stops a running turn of the chat for this one. Without it, only a stream that all its readers have left is stopped. */
                supersede?: "true";
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatRequest"] | components["schemas"]["UiChatRequest"];
            };
        };
        responses: {
            /** @description The reply as a UI message stream of the AI SDK */
            200: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "idempotency-replayed": components["headers"]["idempotency-replayed"];
                    "x-vercel-ai-ui-message-stream": components["headers"]["x-vercel-ai-ui-message-stream"];
                    "x-accel-buffering": components["headers"]["x-accel-buffering"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example data: {"type":"start","messageId":"b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11:1","messageMetadata":{"chat":{"id":"b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11","user_id":"demo","title":"Plan a weekend in Lisbon","created_at":"2026-11-26T09:00:00.000Z","updated_at":"2026-11-26T09:00:00.000Z"},"user_message_id":"b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11:1:user"}}
                     *
                     *     data: {"type":"text-start","id":"answer"}
                     *
                     *     data: {"type":"text-delta","id":"answer","delta":"Spend the first day in Alfama."}
                     *
                     *     data: {"type":"text-end","id":"answer"}
                     *
                     *     data: {"type":"finish","finishReason":"stop","messageMetadata":{"chat":{"id":"b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11","user_id":"demo","title":"Plan a weekend in Lisbon","created_at":"2026-11-26T09:00:00.000Z","updated_at":"2026-11-26T09:00:00.000Z"}}}
                     *
                     *     data: [DONE]
                     */
                    "text/event-stream": string;
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    "retry-after": components["headers"]["retry-after-sometimes"];
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Payload Too Large */
            413: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unprocessable Entity */
            422: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Too Many Requests */
            429: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Bad Gateway */
            502: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Gateway Timeout */
            504: {
                headers: {
                    "chat-id": components["headers"]["chat-id"];
                    "turn-id": components["headers"]["turn-id"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    listChats: {
        parameters: {
            query?: {
                /** @description How many a page has at most */
                limit?: number;
                /** @description The `next_cursor` of a response. Without it, the first page */
                cursor?: string;
            };
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of chats */
            200: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatList"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    deleteAllChats: {
        parameters: {
            query?: never;
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user has no chats */
            204: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    getChat: {
        parameters: {
            query?: never;
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path: {
                /** @description The id of the chat */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The chat */
            200: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatResponse"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    deleteChat: {
        parameters: {
            query?: never;
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path: {
                /** @description The id of the chat */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The chat is deleted */
            204: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Conflict */
            409: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    renameChat: {
        parameters: {
            query?: never;
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path: {
                /** @description The id of the chat */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RenameRequest"];
            };
        };
        responses: {
            /** @description The chat with its new title */
            200: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RenamedChat"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Payload Too Large */
            413: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unsupported Media Type */
            415: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    listMessages: {
        parameters: {
            query?: {
                /** @description How many a page has at most */
                limit?: number;
                /** @description The `next_cursor` of a response. Without it, the first page */
                cursor?: string;
            };
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path: {
                /** @description The id of the chat */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of messages */
            200: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessagePage"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    resumeReply: {
        parameters: {
            query?: never;
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path: {
                /** @description The id of the chat */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /**
             * @description The reply as a UI message stream of the AI SDK. An error is the part `error` of the stream, with one of these texts:
             *
             *     - `The agent is busy`: The agent throttles
             *     - `The agent failed`: An error of the agent, or a reply that is broken, empty or over 1 MB
             *     - `The agent is unavailable`: The agent is not ready, or cannot be reached
             *     - `The agent took too long`: The turn took too long
             *     - `Storage is unavailable`: The table cannot be reached, or throttles
             *     - `Chat not found`: The chat was deleted meanwhile
             *     - `A turn is already in progress`: Another run of the turn has taken its place
             *     - `Internal server error`: A fault of the service. Its log has it under the request id
             */
            200: {
                headers: {
                    "x-vercel-ai-ui-message-stream": components["headers"]["x-vercel-ai-ui-message-stream"];
                    "x-accel-buffering": components["headers"]["x-accel-buffering"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example data: {"type":"start","messageId":"b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11:1","messageMetadata":{"chat":{"id":"b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11","user_id":"demo","title":"Plan a weekend in Lisbon","created_at":"2026-11-26T09:00:00.000Z","updated_at":"2026-11-26T09:00:00.000Z"},"user_message_id":"b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11:1:user"}}
                     *
                     *     data: {"type":"text-start","id":"answer"}
                     *
                     *     data: {"type":"text-delta","id":"answer","delta":"Spend the first day in Alfama."}
                     *
                     *     data: {"type":"text-end","id":"answer"}
                     *
                     *     data: {"type":"finish","finishReason":"stop","messageMetadata":{"chat":{"id":"b2f1c9e0-5d0a-4f6e-9a57-0c6f6a3d2b11","user_id":"demo","title":"Plan a weekend in Lisbon","created_at":"2026-11-26T09:00:00.000Z","updated_at":"2026-11-26T09:00:00.000Z"}}}
                     *
                     *     data: [DONE]
                     */
                    "text/event-stream": string;
                };
            };
            /** @description No turn of the chat is running, or there is no such chat */
            204: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    stopTurn: {
        parameters: {
            query?: {
                /** @description The turn to stop: the id of one of its messages, such as the header `turn-id`. Without it, any turn */
                turn_id?: string;
            };
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path: {
                /** @description The id of the chat */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The running turn was told to stop */
            202: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description No such turn of the chat is running */
            204: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Unauthorized */
            401: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Not Found */
            404: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It runs */
            200: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: {
                /** @description Kept as the id of the request, if it has this form */
                "x-request-id"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It can work */
            200: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description Bad Request */
            400: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Timeout */
            408: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Expectation Failed */
            417: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Request Header Fields Too Large */
            431: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClientError"];
                };
            };
            /** @description Internal Server Error */
            500: {
                headers: {
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
            /** @description Service Unavailable */
            503: {
                headers: {
                    "retry-after": components["headers"]["retry-after"];
                    "x-request-id": components["headers"]["x-request-id"];
                    "cache-control": components["headers"]["cache-control"];
                    "x-content-type-options": components["headers"]["x-content-type-options"];
                    "content-security-policy": components["headers"]["content-security-policy"];
                    "cross-origin-resource-policy": components["headers"]["cross-origin-resource-policy"];
                    "referrer-policy": components["headers"]["referrer-policy"];
                    "strict-transport-security": components["headers"]["strict-transport-security"];
                    "x-frame-options": components["headers"]["x-frame-options"];
                    "access-control-allow-origin": components["headers"]["access-control-allow-origin"];
                    "access-control-expose-headers": components["headers"]["access-control-expose-headers"];
                    vary: components["headers"]["vary"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServerError"];
                };
            };
        };
    };
}
