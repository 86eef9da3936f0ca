"""A model that asks for the tools of an MCP server: speaks OpenAI's chat completions, as far as a call needs them.

usage: model.py PORT FILE (a line for each request)
"""

import http.server
import json
import sys


def chosen(messages):
    """What is answered: a tool and its arguments, or words."""
    last = messages[-1]
    if last["role"] == "tool":
        return None, "The server says: " + last["content"]
    said = last["content"].lower()
    if "repeat" in said:
        return ("demo_echo", {"message": "persimmon"}), None
    if "add" in said:
        return ("demo_get-sum", {"a": 40, "b": 2}), None
    return ("escalate", {"reason": "asked", "reasonCode": "caller_request", "callSummary": "Tried tools.",
                         "sentiment": "neutral"}), None


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with open(sys.argv[2], "a") as file:
            file.write(json.dumps(asked) + "\n")
        tool, words = chosen(asked["messages"])
        if words is None:
            name, arguments = tool
            call = {"index": 0, "id": f"call_{len(asked['messages'])}", "type": "function",
                    "function": {"name": name, "arguments": json.dumps(arguments)}}
            deltas, finish = [{"role": "assistant", "tool_calls": [call]}], "tool_calls"
        else:
            deltas, finish = [{"role": "assistant", "content": words}], "stop"
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        for delta in deltas:
            self.chunk({"delta": delta, "index": 0, "finish_reason": None})
        self.chunk({"delta": {}, "index": 0, "finish_reason": finish})
        self.wfile.write(b"data: [DONE]\n\n")

    def chunk(self, choice):
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "scripted", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
