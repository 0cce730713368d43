"""Where the simulator is to be found, as the settings of the daemon."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Urls:
    """Base URLs without a slash at the end. ``result_hosts`` are the ``host:port`` of the result host."""

    huggingface_router: str
    huggingface_hub: str
    huggingface_endpoint: str
    pollinations: str
    pollinations_legacy: str
    fal_run: str
    fal_queue: str
    openai_base: str
    result_hosts: tuple[str, ...]

    def as_settings(self) -> dict[str, str]:
        """
        The environment that points a daemon here. Keys are not among it (``Simulator.settings``).

        Nor is the dedicated endpoint: whoever sets one means to ask it before all others.
        """
        return {
            "RETRATO_HUGGINGFACE_ROUTER_URL": self.huggingface_router,
            "RETRATO_HUGGINGFACE_HUB_URL": self.huggingface_hub,
            "RETRATO_POLLINATIONS_URL": self.pollinations,
            "RETRATO_POLLINATIONS_LEGACY_URL": self.pollinations_legacy,
            "RETRATO_FAL_RUN_URL": self.fal_run,
            "RETRATO_FAL_QUEUE_URL": self.fal_queue,
            "RETRATO_OPENAI_BASE_URL": self.openai_base,
            "RETRATO_RESULT_HOSTS": ",".join(self.result_hosts),
        }


def urls_at(base: str, *, result_host: str) -> Urls:
    """All URLs of a simulator at *base* whose result host is *result_host*."""
    return Urls(
        huggingface_router=f"{base}/router",
        huggingface_hub=f"{base}/hub",
        huggingface_endpoint=f"{base}/endpoint",
        pollinations=f"{base}/gen",
        pollinations_legacy=f"{base}/legacy",
        fal_run=f"{base}/fal",
        fal_queue=f"{base}/falqueue",
        openai_base=f"{base}/openai/v1",
        result_hosts=(result_host,),
    )
