"""A voice agent on Twilio Agent Connect (ConversationRelay alone), as its own examples write one.

    python -m venv /tmp/tac && /tmp/tac/bin/pip install "twilio-agent-connect[server]==2.5.0" openai
    cargo run --release --example bench -- --only peers --agent-connect /tmp/tac/bin/python

It streams chat completions from the model of the benchmark, with the prompt, the tools and the history that the
other servers send.
"""

import json
import os
import pathlib
import sys

os.environ["TAC_ANALYTICS_DISABLED"] = "true"

from openai import AsyncOpenAI  # noqa: E402
from tac import TAC, TACConfig  # noqa: E402
from tac.channels.voice import VoiceChannel  # noqa: E402
from tac.server import TACFastAPIServer  # noqa: E402
from tac.server.config import TACServerConfig  # noqa: E402

PORT, MODEL = int(sys.argv[1]), sys.argv[2]
# As examples/bench/stage.rs has it.
TOKEN = "0123456789abcdef0123456789abcdef"
ROOT = pathlib.Path(__file__).parents[3]

SYSTEM = (ROOT / "prompts/agent.md").read_text().rsplit("+++", 1)[1]
SYSTEM = SYSTEM.replace("{{ knowledge }}", (ROOT / "prompts/knowledge.md").read_text())
TOOLS = [
    {"type": "function", "function": {name: tool[name] for name in ("name", "description", "parameters")}}
    for tool in (json.loads(path.read_text()) for path in sorted((ROOT / "tools").glob("*.json")))
]

tac = TAC(
    config=TACConfig(
        account_sid="AC" + "0" * 32,
        auth_token=TOKEN,
        api_key="SK" + "0" * 32,
        api_secret="none",
        phone_number="+15550100002",
        voice_public_domain=f"127.0.0.1:{PORT}",
        log_level="WARNING",
    )
)
voice = VoiceChannel(tac)
model = AsyncOpenAI(base_url=MODEL, api_key="none", max_retries=0)
histories = {}


async def answer(message, context, _memory=None):
    history = histories.setdefault(context.conversation_id, [{"role": "system", "content": SYSTEM}])
    history.append({"role": "user", "content": message})

    async def words():
        said = ""
        stream = await model.chat.completions.create(
            model="gpt-4.1-mini", messages=history, tools=TOOLS, temperature=0.3, stream=True
        )
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                said += chunk.choices[0].delta.content
                yield chunk.choices[0].delta.content
        history.append({"role": "assistant", "content": said})

    # A stream is sent by the application itself; what is returned is spoken as a whole.
    await voice.send_response(context.conversation_id, words())


tac.on_message_ready(answer)
server = TACFastAPIServer(
    tac=tac, voice_channel=voice, config=TACServerConfig(host="127.0.0.1", port=PORT)
)
server.start()
