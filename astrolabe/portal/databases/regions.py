"""The cloud providers and regions that the Create database dialog offers: Astra DB's serverless ones.

Here a region is a label that is kept with the database. It decides which hosted integrations are offered, and it makes
a database described here easy to create on Astra DB later.
"""

from __future__ import annotations

CLOUD_PROVIDERS: dict[str, str] = {
    "aws": "Amazon Web Services",
    "gcp": "Google Cloud",
    "azure": "Microsoft Azure",
}
"""Label of each cloud provider by its key, in the order of the dialog."""

_REGIONS: dict[str, dict[str, str]] = {
    "aws": {
        "us-east-2": "US East (Ohio)",
        "us-east-1": "US East (N. Virginia)",
        "us-west-2": "US West (Oregon)",
        "ca-central-1": "Canada (Central)",
        "sa-east-1": "South America (São Paulo)",
        "eu-central-1": "Europe (Frankfurt)",
        "eu-west-1": "Europe (Ireland)",
        "eu-west-2": "Europe (London)",
        "ap-south-1": "Asia Pacific (Mumbai)",
        "ap-southeast-1": "Asia Pacific (Singapore)",
        "ap-southeast-2": "Asia Pacific (Sydney)",
        "ap-northeast-1": "Asia Pacific (Tokyo)",
        "ap-east-1": "Asia Pacific (Hong Kong)",
    },
    "gcp": {
        "us-east1": "Moncks Corner, South Carolina",
        "us-east4": "Ashburn, Virginia",
        "us-central1": "Council Bluffs, Iowa",
        "us-west1": "The Dalles, Oregon",
        "us-west4": "Las Vegas, Nevada",
        "northamerica-northeast1": "Montréal, Québec",
        "southamerica-east1": "São Paulo, Brazil",
        "europe-west1": "Saint-Ghislain, Belgium",
        "europe-west2": "London, England",
        "europe-west4": "Eemshaven, Netherlands",
        "asia-south1": "Mumbai, India",
        "asia-southeast1": "Jurong West, Singapore",
        "australia-southeast1": "Sydney, Australia",
    },
    "azure": {
        "eastus": "East US (Virginia)",
        "eastus2": "East US 2 (Virginia)",
        "southcentralus": "South Central US (Texas)",
        "westus2": "West US 2 (Washington)",
        "westus3": "West US 3 (Arizona)",
        "canadacentral": "Canada Central (Toronto)",
        "brazilsouth": "Brazil South (São Paulo)",
        "northeurope": "North Europe (Ireland)",
        "westeurope": "West Europe (Netherlands)",
        "uksouth": "UK South (London)",
        "centralindia": "Central India (Pune)",
        "australiaeast": "Australia East (New South Wales)",
    },
}


def regions_of(cloud_provider: str) -> tuple[str, ...]:
    """Return the provider's regions in the order of the dialog, the default first; empty for an unknown provider."""
    return tuple(_REGIONS.get(cloud_provider, ()))


def region_label(cloud_provider: str, region: str) -> str:
    """Return where a region is, or its name when that is not known."""
    return _REGIONS.get(cloud_provider, {}).get(region, region)


def cloud_provider_problems(cloud_provider: str) -> list[str]:
    """Return what is wrong with the choice of a cloud provider."""
    if cloud_provider in CLOUD_PROVIDERS:
        return []
    return [f"There is no cloud provider '{cloud_provider}'. Choose one of: {', '.join(CLOUD_PROVIDERS)}."]


def region_problems(cloud_provider: str, region: str) -> list[str]:
    """Return what is wrong with the choice of a region; nothing when the provider itself is unknown."""
    offered = regions_of(cloud_provider)
    if not offered or region in offered:
        return []
    label = CLOUD_PROVIDERS[cloud_provider]
    return [f"{label} has no region '{region}' here. Choose one of: {', '.join(offered)}."]
